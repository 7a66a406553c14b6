"""Cut the prompts that three models answered and the fourth did not; no prompt text is kept.

usage: python make.py PATH_TO_GIT_DIR      (a clone of the repository named in README.md)
"""

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys

COMMIT = "72ccbefe5cb858c95e00368e2b68de3c2b28a2ee"
MODELS = {"llama8b": "meta-llama/llama-3.1-8b-instruct", "mistral_large": "mistralai/mistral-large-2512", "gemini_pro": "google/gemini-2.5-pro"}


def rows(path):
    text = subprocess.run(["git", "--git-dir", sys.argv[1], "show", f"{COMMIT}:{path}"], check=True, capture_output=True, text=True).stdout
    found = [json.loads(line) for line in text.rstrip("\n").split("\n")]
    return {hashlib.sha256(row["prompt"].encode()).hexdigest()[:12]: row for row in found}


lines = [
    ["prompt_id", "split", "source", "n_chars", "n_words", "n_digits", "n_newlines"]
    + [f"{what}_{m}" for what in ("reward", "cost_usd") for m in MODELS]
    + [f"judge{k}_{m}" for k in (2, 3) for m in MODELS]
]
for split in ("val", "test"):
    three, four = (rows(f"data_collection/rewards/{split}{k}.jsonl") for k in ("", "_k4"))
    other = [rows(f"experiments/appendix/judge_robustness/results/cross_judge_{judge}_{split}.jsonl") for judge in ("claude", "gpt_mini")]
    for name, row in three.items():
        if name in four:
            assert all(row["arms"][m][v] == four[name]["arms"][m][v] for m in MODELS.values() for v in ("reward", "cost"))
            continue
        text = row["prompt"]
        seen = all(name in judge for judge in other)
        lines.append(
            [name, split, row["source"], len(text), len(text.split()), sum(c.isdigit() for c in text), text.count("\n")]
            + [row["arms"][m][what] for what in ("reward", "cost") for m in MODELS.values()]
            + [judge[name]["arms"][m]["reward"] if seen else "" for judge in other for m in MODELS.values()]
        )
out = io.StringIO()
csv.writer(out, lineterminator="\n").writerows(lines)
with open("other_prompts.csv.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
    packed.write(out.getvalue().encode())
print(len(lines) - 1, "prompts")
