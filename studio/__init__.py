"""The whole way from a recipe to a measured video without writing code: a local web application on simcore and dtmodels."""
