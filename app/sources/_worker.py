"""The child's own loop: one order a line on standard input, one answer a line on standard output."""

import json
import os
import resource
import sys

from app.sources._child import serve


def main() -> None:
    """Serve orders until the parent closes the pipe."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Answers get a channel of their own: whatever a library prints must not be taken for one.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        answers.write(json.dumps(serve(line)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
