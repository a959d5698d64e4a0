"""Engines: what renders the units of a dataset; the only place that knows dask, but for `simcore.lazy`."""
