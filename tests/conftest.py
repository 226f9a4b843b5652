"""Settings shared by all tests."""

import signal

from hypothesis import settings

# What a shell starts with `&` ignores Ctrl-C, and so would the tests of what Ctrl-C does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, so that a failure can be repeated; `--hypothesis-profile=explore` looks further.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.register_profile("explore", database=None, deadline=None, max_examples=1000)
settings.load_profile("repeatable")
