"""The doors: they translate between HTTP and the handlers, and decide nothing."""
