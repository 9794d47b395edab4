"""`correlator top`, from hand-made values, a recording and a daemon."""
