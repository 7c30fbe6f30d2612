"""Protocols, one to a file. Read them in the order in which lesson 5 needs them:

flooding, majority, heartbeats, chat, epochs.
"""
