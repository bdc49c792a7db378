"""Pure decisions about time, failures and limits: no clock, no dice, no I/O; time and chance come as arguments."""
