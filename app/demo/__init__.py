"""The generated firms: real prices, simulated people.

``generate`` returns them, ``files`` writes them, ``seed`` brings them in through the same import as any
customer's files.
"""
