"""What services are: profiles as data, and the named mechanisms that read them. Sends nothing, knows no value."""
