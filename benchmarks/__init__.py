"""One file a claim: each measures Amparo and its peers in the same run, interleaved."""
