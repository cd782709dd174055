"""What a person may do: permission, transaction, audit."""
