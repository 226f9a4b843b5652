"""Settings shared by all tests."""

from hypothesis import settings

# The same examples in every run, so that a failure can be repeated; `--hypothesis-profile=explore` looks further.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.register_profile("explore", database=None, deadline=None, max_examples=1000)
settings.load_profile("repeatable")
