"""Checks that steering does what it should: python3 Scripts/check-steering.py REPORT

REPORT holds the JSON lines of `actrun eval --report`, a line for each strength, rising. The concept has to show more
often with every strength, and the texts have to stay fluent.
"""

import json
import sys

LEAST_RISE = 0.3
MOST_PERPLEXITY = 2.5


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    if len(rows) < 2:
        sys.exit(f"{path}: expected two strengths or more, found {len(rows)}")
    shares = [row["concept_share"] for row in rows]
    if shares != sorted(shares) or shares[-1] - shares[0] < LEAST_RISE:
        sys.exit(f"the concept should show more often with strength, by {LEAST_RISE} in all; found {shares}")
    perplexities = [row["continuation_perplexity"] for row in rows]
    if max(perplexities) > MOST_PERPLEXITY * perplexities[0]:
        sys.exit(f"the texts should stay within {MOST_PERPLEXITY} times the first perplexity; found {perplexities}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
