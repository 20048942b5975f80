"""Data shipped with composer: seeds to try, and the catalogue of corpora to train on.

Seeds are the `.mid`, `.musicxml` and `.abc` files, described one by one in `README.md`
and written by `make_seeds.py`. `catalogue.json` is read by `composer.corpora`.
"""
