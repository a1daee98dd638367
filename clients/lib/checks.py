"""checks.py: what the clients in Python share: the numbers to be read, and checks that print as clients/run reads them."""

import json
import os
import sys

with open(os.environ["NUMBERS"]) as file:
    numbers = json.load(file)

_checks = 0


def ok(good, name, detail=""):
    """One check, one line; a check that failed says why."""
    global _checks
    _checks += 1
    print(f"ok - {name}" if good else f"not ok - {name}: {detail}", flush=True)


def same(got, wanted, name):
    """Numbers are the same when they differ by rounding only."""
    good = got == wanted
    if not good and isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        try:
            good = abs(float(got) - wanted) <= 1e-9 * abs(wanted)
        except (TypeError, ValueError):
            pass
    ok(good, name, f"got {got!r}, not {wanted!r}")


def done():
    """A client that does not come to its end has failed, whatever it printed."""
    print(f"1..{_checks}")
    sys.exit(0)
