"""`python -m amparo` is the command `amparo`."""

from amparo.programs.command import main

main()
