"""What the rules and problems of one family share: one file a family, plain functions that compile with their callers."""
