"""OCPP-J messages of 1.6 and 2.0.1 -> tables of readings.

`envelope` finds time, station and message in a line, `samples` and `buckets` read meter values, `v16` and `v201` say
what a call means, `memory` is what has to be known of a station from one message to the next, and `reader` puts it
together.
"""
