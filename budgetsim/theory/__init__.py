"""One file each; the folder is the list."""
