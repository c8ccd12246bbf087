"""Reads the records of several parts together, as somebody would who does not know who wrote them.

    read_parts.py duckdb|pyarrow WORD SERVICE,SERVICE... FILE...

Prints one JSON object: counts, times, columns, and what stands in the attributes. Only records
of these services count: the parts of all tenants lie side by side, the program's own among them.
"""

import json
import re
import sys
from collections import Counter


def with_duckdb(word, services, files):
    import duckdb

    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    relation = database.read_parquet(files, union_by_name=True)
    columns = dict(zip(relation.columns, [str(kind) for kind in relation.types]))
    database.register("records", relation)

    def rows(query, *values):
        return database.execute(query, list(values)).fetchall()

    names = ", ".join(f"'{service}'" for service in services)
    known = f"FROM records WHERE service IN ({names})"
    pattern = f"(^|[^a-z]){re.escape(word)}([^a-z]|$)"
    return {
        "columns": columns,
        "total": rows(f"SELECT count(*) {known}")[0][0],
        "by_level": dict(rows(f"SELECT severity_text, count(*) {known} GROUP BY ALL")),
        "by_service": dict(rows(f"SELECT service, count(*) {known} GROUP BY ALL")),
        "with_word": rows(f"SELECT count(*) {known} AND regexp_matches(body, ?)", pattern)[0][0],
        "times_ns": [row[0] for row in rows(f"SELECT epoch_ns(time) {known} ORDER BY time, sequence")],
        "sum_took": rows(f'SELECT sum("int:took") {known}')[0][0],
        "texts_took": sorted(row[0] for row in rows(f'SELECT "str:took" {known} AND "str:took" IS NOT NULL')),
        "rest": sorted(
            [key, kind, bits, text]
            for (key, kind, bits, text) in rows(
                "SELECT entry.key, entry.kind, entry.bits, entry.text FROM "
                f"(SELECT unnest(rest) AS entry {known}) WHERE entry.key LIKE 'rare.%'"
            )
        ),
        "trace_ids": rows(f"SELECT count(DISTINCT hex(trace_id)) {known}")[0][0],
        "request_ids": sorted(row[0] for row in rows(f'SELECT "str:request.id" {known}')),
        "parts": sorted(row[0] for row in rows(f'SELECT "double:part" {known} AND "double:part" IS NOT NULL')),
        "resource": sorted(json.loads(row[0])["replicas"] for row in rows(f"SELECT DISTINCT resource {known}")),
    }


def with_pyarrow(word, services, files):
    import pyarrow
    from pyarrow import parquet

    tables = [parquet.read_table(file) for file in files]
    table = pyarrow.concat_tables(tables, promote_options="default")
    columns = {field.name: str(field.type) for field in table.schema}
    times = table.column("time").cast(pyarrow.int64())
    records = table.drop(["time"]).append_column("time", times).to_pylist()
    records = [record for record in records if record["service"] in services]
    records.sort(key=lambda record: (record["time"], record["sequence"]))
    pattern = re.compile(f"(^|[^a-z]){re.escape(word)}([^a-z]|$)")
    entries = [entry for record in records for entry in record["rest"] if entry["key"].startswith("rare.")]
    return {
        "columns": columns,
        "total": len(records),
        "by_level": Counter(record["severity_text"] for record in records),
        "by_service": Counter(record["service"] for record in records),
        "with_word": sum(1 for record in records if pattern.search(record["body"])),
        "times_ns": [record["time"] for record in records],
        "sum_took": sum(record["int:took"] or 0 for record in records),
        "texts_took": sorted(record["str:took"] for record in records if record["str:took"] is not None),
        "rest": sorted([entry["key"], entry["kind"], entry["bits"], entry["text"]] for entry in entries),
        "trace_ids": len({record["trace_id"] for record in records}),
        "request_ids": sorted(record["str:request.id"] for record in records),
        "parts": sorted(record["double:part"] for record in records if record["double:part"] is not None),
        "resource": sorted({json.loads(record["resource"])["replicas"] for record in records}),
    }


def main():
    reader, word, services, files = sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4:]
    read = {"duckdb": with_duckdb, "pyarrow": with_pyarrow}[reader]
    json.dump(read(word, services, files), sys.stdout)


main()
