"""An archive comes in, object by object; a catalogue of its hashes goes out, to be asked for ever.

`scan` reads every object once, hashes it in the sandbox and appends rows to Parquet files; media is
copied nowhere. `lookback` holds what lists have gained since against the whole catalogue, without
reading the media again. Daft runs both, on one machine or on a Ray cluster. See
docs/decisions/0015.
"""
