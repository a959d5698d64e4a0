"""How fast simcore is, beside its peers measured in the same run. ``python -m benchmarks`` prints the tables."""
