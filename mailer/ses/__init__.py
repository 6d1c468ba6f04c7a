"""Amazon SES, version 2 of its API, spoken to by boto3: the only package that knows either."""
