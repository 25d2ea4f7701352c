"""Start Quarterdeck from a checkout: ``python app.py COMMAND``."""

from app.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
