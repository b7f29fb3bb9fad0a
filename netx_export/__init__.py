"""From a trained PyTorch SpikySpace model to an integer NetX file: everything that imports torch.

Importing the package itself imports no torch; its modules do, except `netx_export.config`.
"""
