"""Why a real AWS account did not let us in, and what to do about it."""

from botocore import exceptions as aws_errors


def problem(error: Exception, profile: str | None) -> str:
    """Say in one sentence why AWS did not let us in, and what to do."""
    with_profile = f" --profile {profile}" if profile else ""
    if isinstance(error, aws_errors.NoRegionError):
        return (
            "No AWS region is chosen · say connect('aws', region=…), or run "
            f"`aws configure{with_profile}` in a terminal"
        )
    if isinstance(error, aws_errors.ProfileNotFound):
        return f"{error} · see `aws configure list-profiles`, or say connect('aws', profile=…)"
    if isinstance(error, aws_errors.NoCredentialsError | aws_errors.PartialCredentialsError):
        return (
            f"No AWS credentials were found · run `aws configure{with_profile}` or "
            f"`aws sso login{with_profile}` in a terminal, then connect again"
        )
    if isinstance(error, aws_errors.ClientError):
        answer = error.response["Error"]
        return (
            f"AWS refuses these credentials ({answer['Code']}: {answer['Message']}) · get new "
            f"ones with `aws sso login{with_profile}` or `aws configure{with_profile}`"
        )
    if isinstance(error, aws_errors.ConnectionError | aws_errors.HTTPClientError):
        return f"AWS cannot be reached · {error} · check the network, or the proxy in HTTPS_PROXY"
    return (
        f"Signing in to AWS failed · {error} · run `aws sso login{with_profile}` or "
        f"`aws configure{with_profile}` in a terminal, then connect again"
    )
