"""Who has which key of a strategy.

readers.py  the programs that were handed one    lines.py  what a new program needs
copies.py   the copies in other stores
"""
