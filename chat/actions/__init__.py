"""What the customers' edge writes that concerns more than one floor below."""
