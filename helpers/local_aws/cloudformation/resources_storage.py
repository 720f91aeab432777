"""Buckets, tables and log groups of a stack."""

import json
import re
from typing import Any

from helpers.local_aws.cloudformation.resources import (
    Making,
    Properties,
    ResourceType,
    only,
    register,
    whole,
)


@register
class Bucket(ResourceType):
    """AWS::S3::Bucket."""

    type = "AWS::S3::Bucket"
    attributes = (
        "Arn",
        "DomainName",
        "RegionalDomainName",
        "WebsiteURL",
        "DualStackDomainName",
    )
    named_by = "BucketName"
    immutable = frozenset({"BucketName"})
    properties = frozenset(
        {
            "BucketEncryption",
            "BucketName",
            "NotificationConfiguration",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        }
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the bucket and set its configuration."""
        name = properties.get("BucketName") or making.name(63).lower()
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
            raise ValueError(
                f"Bucket name {name} is not valid: 3 to 63 lower-case letters, digits, dots and "
                "dashes, a letter or digit first and last"
            )
        s3 = making.clients("s3")
        existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        if name in existing:  # in us-east-1 S3 would let its owner create it again
            raise ValueError(f"{name} already exists")
        making.expect(name)
        s3.create_bucket(Bucket=name)
        making.physical_id = name
        self.update(making, {}, properties)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set the configuration of the bucket; what was taken away is unset."""
        s3, bucket = making.clients("s3"), making.physical_id
        tags = making.tag_list(new)
        if tags:
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        else:
            s3.delete_bucket_tagging(Bucket=bucket)
        if block := new.get("PublicAccessBlockConfiguration"):
            s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
        elif old.get("PublicAccessBlockConfiguration"):
            s3.delete_public_access_block(Bucket=bucket)
        if encryption := new.get("BucketEncryption"):
            rules = encryption["ServerSideEncryptionConfiguration"]
            rules = [
                {_RULE.get(name, name): value for name, value in rule.items()} for rule in rules
            ]
            s3.put_bucket_encryption(
                Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
            )
        elif old.get("BucketEncryption"):
            s3.delete_bucket_encryption(Bucket=bucket)
        if versioning := new.get("VersioningConfiguration"):
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
        elif old.get("VersioningConfiguration"):
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
        if ownership := new.get("OwnershipControls"):
            s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=ownership)
        before, after = old.get("NotificationConfiguration"), new.get("NotificationConfiguration")
        if before or after:
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=_notifications(after or {})
            )

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the bucket, which must be empty."""
        making.clients("s3").delete_bucket(Bucket=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN and the names that the bucket has on the web."""
        name, region = making.physical_id, making.clients("s3").meta.region_name
        return {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.s3-website-{region}.amazonaws.com",
        }


_RULE = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
_CONFIGURATIONS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}


def _notifications(given: Properties) -> dict[str, Any]:
    """Return S3's notification configuration for CloudFormation's, which has other names."""
    result: dict[str, Any] = {}
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        result["EventBridgeConfiguration"] = {}
    for name, (there, target, arn) in _CONFIGURATIONS.items():
        for entry in given.get(name, []):
            made = {arn: entry[target], "Events": [entry["Event"]]}
            if rules := (entry.get("Filter") or {}).get("S3Key", {}).get("Rules"):
                made["Filter"] = {"Key": {"FilterRules": rules}}
            result.setdefault(there, []).append(made)
    return result


@register
class BucketPolicy(ResourceType):
    """AWS::S3::BucketPolicy."""

    type = "AWS::S3::BucketPolicy"
    immutable = frozenset({"Bucket"})
    properties = frozenset({"Bucket", "PolicyDocument"})

    def create(self, making: Making, properties: Properties) -> None:
        """Put the policy on the bucket."""
        making.physical_id = properties["Bucket"]
        making.expect(making.physical_id)
        self.update(making, {}, properties)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Put the new policy in the place of the old one."""
        policy = json.dumps(new["PolicyDocument"])
        making.clients("s3").put_bucket_policy(Bucket=new["Bucket"], Policy=policy)

    def delete(self, making: Making, properties: Properties) -> None:
        """Take the policy away."""
        making.clients("s3").delete_bucket_policy(Bucket=making.physical_id)


@register
class Table(ResourceType):
    """AWS::DynamoDB::Table."""

    type = "AWS::DynamoDB::Table"
    attributes = ("Arn", "StreamArn")
    named_by = "TableName"
    immutable = frozenset(
        {"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"}
    )
    properties = frozenset(
        {
            "AttributeDefinitions",
            "BillingMode",
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
            "PointInTimeRecoverySpecification",
            "ProvisionedThroughput",
            "SSESpecification",
            "StreamSpecification",
            "TableClass",
            "TableName",
            "Tags",
            "TimeToLiveSpecification",
        }
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the table."""
        name = properties.get("TableName") or making.name(255)
        request = only(
            properties,
            "AttributeDefinitions",
            "BillingMode",
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
            "TableClass",
        )
        if throughput := properties.get("ProvisionedThroughput"):
            request["ProvisionedThroughput"] = {
                unit: whole(value) for unit, value in throughput.items()
            }
        if stream := properties.get("StreamSpecification"):
            request["StreamSpecification"] = {"StreamEnabled": True, **stream}
        if encryption := properties.get("SSESpecification"):
            request["SSESpecification"] = {
                "Enabled" if name_ == "SSEEnabled" else name_: value
                for name_, value in encryption.items()
            }
        if tags := making.tag_list(properties):
            request["Tags"] = tags
        making.expect(name)
        making.clients("dynamodb").create_table(TableName=name, **request)
        making.physical_id = name
        self._set_apart(making, {}, properties)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Change what DynamoDB lets change in place.

        Raises:
            ValueError: an index changed, which the embedded AWS does not do in place.
        """
        dynamodb = making.clients("dynamodb")
        if old.get("GlobalSecondaryIndexes") != new.get("GlobalSecondaryIndexes"):
            raise ValueError("The embedded AWS does not change the indexes of a table in place.")
        request: dict[str, Any] = {}
        for name in ("BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled"):
            if name in new and old.get(name) != new[name]:
                request[name] = new[name]
        if old.get("StreamSpecification") != new.get("StreamSpecification"):
            stream = new.get("StreamSpecification")
            request["StreamSpecification"] = (
                {"StreamEnabled": True, **stream} if stream else {"StreamEnabled": False}
            )
        if request:
            dynamodb.update_table(TableName=making.physical_id, **request)
        self._set_apart(making, old, new)
        arn = dynamodb.describe_table(TableName=making.physical_id)["Table"]["TableArn"]
        had = {tag["Key"] for tag in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]}
        tags = making.all_tags(new)
        if surplus := sorted(had - set(tags)):
            dynamodb.untag_resource(ResourceArn=arn, TagKeys=surplus)
        if tags:
            dynamodb.tag_resource(ResourceArn=arn, Tags=making.tag_list(new))

    def _set_apart(self, making: Making, old: Properties, new: Properties) -> None:
        """Set what DynamoDB keeps apart from the table itself."""
        dynamodb = making.clients("dynamodb")
        if old.get("TimeToLiveSpecification") != new.get("TimeToLiveSpecification"):
            wanted = new.get("TimeToLiveSpecification") or {
                **old["TimeToLiveSpecification"],
                "Enabled": False,
            }
            dynamodb.update_time_to_live(
                TableName=making.physical_id, TimeToLiveSpecification=wanted
            )
        name = "PointInTimeRecoverySpecification"
        if old.get(name) != new.get(name):
            wanted = new.get(name) or {"PointInTimeRecoveryEnabled": False}
            dynamodb.update_continuous_backups(
                TableName=making.physical_id, PointInTimeRecoverySpecification=wanted
            )

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the table and its items."""
        making.clients("dynamodb").delete_table(TableName=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARNs of the table and of its stream."""
        about = making.clients("dynamodb").describe_table(TableName=making.physical_id)["Table"]
        return {"Arn": about["TableArn"], "StreamArn": about.get("LatestStreamArn", "")}


@register
class LogGroup(ResourceType):
    """AWS::Logs::LogGroup."""

    type = "AWS::Logs::LogGroup"
    attributes = ("Arn",)
    named_by = "LogGroupName"
    immutable = frozenset({"LogGroupName", "LogGroupClass"})
    properties = frozenset({"KmsKeyId", "LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"})

    def create(self, making: Making, properties: Properties) -> None:
        """Make the log group."""
        name = properties.get("LogGroupName") or making.name(512)
        request = {}
        if tags := making.all_tags(properties):
            request["tags"] = tags
        making.expect(name)
        making.clients("logs").create_log_group(logGroupName=name, **request)
        making.physical_id = name
        self._set_retention(making, properties)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set retention and tags."""
        logs = making.clients("logs")
        self._set_retention(making, new)
        arn = self._arn(making).removesuffix(":*")
        had, wanted = logs.list_tags_for_resource(resourceArn=arn)["tags"], making.all_tags(new)
        if surplus := sorted(set(had) - set(wanted)):
            logs.untag_resource(resourceArn=arn, tagKeys=surplus)
        if wanted:
            logs.tag_resource(resourceArn=arn, tags=wanted)

    def _set_retention(self, making: Making, properties: Properties) -> None:
        logs, name = making.clients("logs"), making.physical_id
        if days := properties.get("RetentionInDays"):
            logs.put_retention_policy(logGroupName=name, retentionInDays=whole(days))
        else:
            logs.delete_retention_policy(logGroupName=name)

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the log group and what is in it."""
        making.clients("logs").delete_log_group(logGroupName=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN, which ends in `:*`."""
        return {"Arn": self._arn(making)}

    def _arn(self, making: Making) -> str:
        groups = making.clients("logs").describe_log_groups(logGroupNamePrefix=making.physical_id)
        for group in groups["logGroups"]:
            if group["logGroupName"] == making.physical_id:
                return str(group["arn"]).removesuffix(":*") + ":*"
        return ""
