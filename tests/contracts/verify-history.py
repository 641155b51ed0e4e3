#!/usr/bin/env python3
"""Verifies an export of a registry's history: numbers, links and Merkle roots.

A second reading of docs/history.md, independent of the one in kernel/. It needs nothing beyond Python's standard
library, which has no Ed25519: signatures are left to the command line ("concord history verify").

Usage: verify-history.py EXPORT.ndjson     prints "ok <entries> <root>" and ends with 0, or the problems and 1.
"""
import base64
import hashlib
import json
import sys


def leaf_hash(line):
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def add_leaf(tops, size, leaf):
    while size % 2 == 1:
        leaf = node_hash(tops.pop(), leaf)
        size //= 2
    tops.append(leaf)


def root_of(tops):
    if not tops:
        return hashlib.sha256(b"").digest()
    root = tops[-1]
    for top in reversed(tops[:-1]):
        root = node_hash(top, root)
    return root


def verify(lines):
    problems = []
    header = json.loads(lines[0])
    if header.get("format") != "concord-history/1":
        return ["not an export of a history"], 0, b""
    size = header["from"] - 1
    tops = [bytes.fromhex(top) for top in header["frontier"]]
    previous = "" if size == 0 else None
    covered = 0
    for line in lines[1:]:
        value = json.loads(line)
        if value["type"] == "checkpoint":
            origin, stated, root = value["note"].split("\n")[:3]
            if origin != header["origin"]:
                problems.append("a checkpoint of another log")
            elif int(stated) != size:
                problems.append(f"a checkpoint of {stated} entries stands behind entry {size}")
            elif base64.b64decode(root) != root_of(tops):
                problems.append(f"another root of {size} entries than the checkpoint states")
            else:
                covered = size
            continue
        if value["seq"] != size + 1:
            problems.append(f"entry {value['seq']} stands where entry {size + 1} must be")
        if value["type"] == "entry":
            if previous is not None and value["previous"] != previous:
                problems.append(f"entry {value['seq']} names another hash of the entry before")
            leaf = leaf_hash(line)
        else:
            leaf = bytes.fromhex(value["hash"])
        add_leaf(tops, size, leaf)
        size += 1
        previous = leaf.hex()
    if covered != size:
        problems.append(f"no checkpoint covers the entries from {covered + 1} to {size}")
    return problems, size, root_of(tops)


def main():
    with open(sys.argv[1], "rb") as file:
        lines = [line for line in file.read().split(b"\n") if line]
    problems, size, root = verify(lines)
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)
    print("ok", size, root.hex())


main()
