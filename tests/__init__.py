"""The project's tests. `samples/` holds example calls of every primitive; the generic tests are loops over them."""
