"""Writes the digests of the golden scenarios again: `python tests/golden/regenerate.py`.

Run it only when results are meant to change, and say in CHANGELOG.md and in the commit why they do.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from netgen.run import run

HERE = Path(__file__).resolve().parent
DIGESTS = HERE / "digests.json"
NAMES = ("chain", "broadcast", "mesh")
TABLES = ("links", "nodes", "users", "segments", "decisions")


def canonical(value):
    """A value as text; of a float twelve digits, so that the last bits of another libm do not count."""
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, dict):
        return {key: canonical(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [canonical(entry) for entry in value]
    return value


def digests_of(name):
    """The number of rows of each table of a golden run, and a digest of each of its columns."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        done = run(HERE / f"{name}.yaml", out=Path(folder) / "out").folder
        for table in TABLES:
            content = pq.read_table(done / f"{table}.parquet")
            found[table] = {"rows": content.num_rows} | {
                column: hashlib.sha256(
                    json.dumps(canonical(content[column].to_pylist())).encode()
                ).hexdigest()[:16]
                for column in content.column_names
            }
    return found


def main():
    """Write the digests of all golden scenarios and say which have changed."""
    before = json.loads(DIGESTS.read_text(encoding="utf-8")) if DIGESTS.exists() else {}
    after = {name: digests_of(name) for name in NAMES}
    for name, tables in after.items():
        for table, columns in tables.items():
            known = before.get(name, {}).get(table, {})
            changed = [column for column, digest in columns.items() if known.get(column) != digest]
            if changed:
                sys.stdout.write(f"{name}: {table}: {', '.join(changed)}\n")
    DIGESTS.write_text(json.dumps(after, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
