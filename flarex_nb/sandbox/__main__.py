"""Start the sandbox: `python -m flarex_nb.sandbox`; the first line on stdout is JSON and says where it listens."""

from __future__ import annotations

import argparse

from flarex_nb.sandbox.server import run


def main() -> None:
    """Serve until the parent goes (`--parent`), standard input closes, or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m flarex_nb.sandbox", description="Look-alikes of HTTP APIs.")
    parser.add_argument("--parent", type=int, default=0, help="exit when this process is no longer our parent")
    run(parser.parse_args().parent)


if __name__ == "__main__":
    main()
