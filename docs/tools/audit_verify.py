#!/usr/bin/env python3
"""Prove an exported audit trail of Quarterdeck without Quarterdeck: Python's standard library only.

    python3 audit_verify.py TRAIL.ndjson [--anchors ORG.log] [--key-file KEY]

TRAIL.ndjson  written by `app.py audit export ORG FILE`: one entry a line, the head in the last line
--anchors     the file `anchors/ORG.log` of the installation, better a copy that was kept elsewhere
--key-file    the installation's secret key (QUARTERDECK_SECRET_KEY, or the file `secret_key` in its home);
              with it the signatures of the head and of the anchors are proven too

Rules. The hash of an entry is the SHA-256 of its fields (all but `hash`) as JSON with sorted keys, no
blanks, UTF-8. `prev_hash` is the hash of the entry before; of the first one it is the SHA-256 of
"quarterdeck audit ORG". `seq` counts from 1 without gaps. An anchor signs "org|seq|hash|time" by
HMAC-SHA-256 under HMAC-SHA-256(secret, "quarterdeck audit anchor") in hexadecimal.

Exit code 0: everything holds. 1: something does not; the first bad entry is named. 2: unreadable.
"""

import argparse
import hashlib
import hmac
import json
import sys


def entry_hash(entry):
    fields = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n") and line.strip():
                yield json.loads(line)


def signature(anchor, secret):
    key = hmac.new(secret.encode(), b"quarterdeck audit anchor", hashlib.sha256).hexdigest()
    message = "{org}|{seq}|{hash}|{time}".format(**anchor)
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def read_anchors(path, org, secret):
    """Return the first anchored hash of each number."""
    anchored = {}
    for anchor in read_lines(path):
        if anchor["org"] != org:
            raise ValueError(f"the anchors are those of {anchor['org']}, not of {org}")
        if secret and not hmac.compare_digest(signature(anchor, secret), anchor["mac"]):
            raise ValueError(f"the anchor of entry {anchor['seq']} is not signed with this key")
        anchored.setdefault(anchor["seq"], anchor["hash"])
    return anchored


def prove(path, anchors=None, secret=None):
    """Return (number of entries, None) or (number of the first bad entry, what is wrong with it)."""
    head, org, seq, previous, hashes = None, None, 0, None, {}
    for entry in read_lines(path):
        if head is not None:
            return seq + 1, "there are lines after the head"
        if "head" in entry:
            head = entry["head"]
            continue
        seq += 1
        org = org or entry["org"]
        previous = previous or hashlib.sha256(f"quarterdeck audit {org}".encode()).hexdigest()
        if entry["seq"] != seq:
            return seq, "missing, or out of order"
        if entry["org"] != org:
            return seq, "belongs to another organisation"
        if entry["prev_hash"] != previous:
            return seq, "does not follow the entry before it"
        if entry_hash(entry) != entry["hash"]:
            return seq, "was changed"
        previous = hashes[seq] = entry["hash"]
    if head is None:
        return seq + 1, "the head is missing: the file was cut"
    if head["seq"] != seq or (seq and head["hash"] != previous) or (seq and head["org"] != org):
        return min(head["seq"], seq) + 1, "the trail does not end where its head says"
    if secret and not hmac.compare_digest(signature(head, secret), head["mac"]):
        return seq, "the head is not signed with this key"
    for number, digest in sorted((read_anchors(anchors, head["org"], secret) if anchors else {}).items()):
        if number <= seq and hashes[number] != digest:
            return number, "is not the entry that was anchored: the trail was rewritten"
        if number > seq:
            return seq + 1, f"missing: entries up to {number} were anchored"
    return seq, None


def main():
    parser = argparse.ArgumentParser(description="Prove an exported audit trail.")
    parser.add_argument("trail")
    parser.add_argument("--anchors")
    parser.add_argument("--key-file")
    args = parser.parse_args()
    try:
        secret = open(args.key_file, encoding="utf-8").read().strip() if args.key_file else None
        number, fault = prove(args.trail, args.anchors, secret)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"unreadable: {error}", file=sys.stderr)
        return 2
    if fault:
        print(f"entry {number}: {fault}", file=sys.stderr)
        return 1
    print(f"{number} entries hold" + ("" if args.anchors else " (not compared with anchors)"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
