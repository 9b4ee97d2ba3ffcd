"""The HTTP interface under /v1: thin routes that translate, call one function, translate back."""
