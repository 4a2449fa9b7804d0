"""Judge model files without loading them: what would be imported and called if they were.

``judge.py`` tells formats apart by their content, ``pickles.py`` follows what a pickle would do,
``names.py`` has the names that are known to be harmless, ``scanner.py`` asks picklescan.
"""
