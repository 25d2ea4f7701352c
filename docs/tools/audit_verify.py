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
import re
import sys


TEXT = rb'(?:"[^"\\]*(?:\\.[^"\\]*)*"|null)'
HEX = rb'"([0-9a-f]{64})"'
# A line as the export writes it: what is hashed, with the hash put in. Any other line is parsed and written anew.
LINE = re.compile(
    rb'(\{"action":T,"actor_id":T,"actor_kind":T,"actor_name":T,"after":T,"before":T),"hash":H'
    rb'(,"ip":T,"object_id":T,"object_kind":T,"org":"([^"\\]*)","prev_hash":H,"request_id":T,'
    rb'"seq":([0-9]+),"time":T\})\n'.replace(b":T", b":" + TEXT).replace(b":H", b":" + HEX)
)


def entry_hash(entry):
    fields = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_trail(path):
    """Yield (number, organisation, hash before, hash it says, hash it has), or the head."""
    with open(path, "rb") as file:
        for line in file:
            known = LINE.fullmatch(line)
            if known:
                front, said, rest, org, previous, seq = known.groups()
                has = hashlib.sha256(front + rest).hexdigest()
                yield int(seq), org.decode(), previous.decode(), said.decode(), has
            elif line.endswith(b"\n") and line.strip():
                entry = json.loads(line)
                if "head" in entry:
                    yield entry["head"]
                else:
                    yield entry["seq"], entry["org"], entry["prev_hash"], entry["hash"], entry_hash(entry)


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
    head, org, seq, previous, anchored = None, None, 0, None, None
    for entry in read_trail(path):
        if head is not None:
            return seq + 1, "there are lines after the head"
        owner = entry["org"] if isinstance(entry, dict) else entry[1]
        if anchored is None:
            org, previous = owner, hashlib.sha256(f"quarterdeck audit {owner}".encode()).hexdigest()
            anchored = read_anchors(anchors, owner, secret) if anchors else {}
        if isinstance(entry, dict):
            head = entry
            continue
        number, _, before, said, has = entry
        seq += 1
        if number != seq:
            return seq, "missing, or out of order"
        if owner != org:
            return seq, "belongs to another organisation"
        if before != previous:
            return seq, "does not follow the entry before it"
        if has != said:
            return seq, "was changed"
        if anchored.get(seq, said) != said:
            return seq, "is not the entry that was anchored: the trail was rewritten"
        previous = said
    if head is None:
        return seq + 1, "the head is missing: the file was cut"
    if head["seq"] != seq or (seq and head["hash"] != previous) or (seq and head["org"] != org):
        return min(head["seq"], seq) + 1, "the trail does not end where its head says"
    if secret and not hmac.compare_digest(signature(head, secret), head["mac"]):
        return seq, "the head is not signed with this key"
    newest = max(anchored or {0: ""})
    return (seq + 1, f"missing: entries up to {newest} were anchored") if newest > seq else (seq, None)


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
