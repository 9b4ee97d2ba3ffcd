"""What the sandbox's server imports before it forks the first worker: everything, warmed up."""

from amparo.detect.hashing.warm_up import warm_up

warm_up()
