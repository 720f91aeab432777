"""Topics and queues of a stack."""

import json
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.cloudformation.resources import (
    Making,
    Properties,
    ResourceType,
    only,
    register,
    text,
)


@register
class Topic(ResourceType):
    """AWS::SNS::Topic."""

    type = "AWS::SNS::Topic"
    attributes = ("TopicArn", "TopicName")
    named_by = "TopicName"
    immutable = frozenset({"TopicName", "FifoTopic"})
    properties = frozenset(
        {
            "ContentBasedDeduplication",
            "DisplayName",
            "FifoTopic",
            "KmsMasterKeyId",
            "Subscription",
            "Tags",
            "TopicName",
        }
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the topic and its subscriptions."""
        sns = making.clients("sns")
        fifo = text(properties.get("FifoTopic", "false")) == "true"
        name = properties.get("TopicName") or making.name(251) + (".fifo" if fifo else "")
        making.expect(f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}")
        made = sns.create_topic(
            Name=name, Attributes=self._attributes(properties), Tags=making.tag_list(properties)
        )
        making.physical_id = made["TopicArn"]
        for one in properties.get("Subscription", []):
            sns.subscribe(TopicArn=making.physical_id, **only(one, "Protocol", "Endpoint"))

    def _attributes(self, properties: Properties) -> dict[str, str]:
        names = ("ContentBasedDeduplication", "DisplayName", "FifoTopic", "KmsMasterKeyId")
        return {name: text(value) for name, value in only(properties, *names).items()}

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set attributes, subscriptions and tags."""
        sns, arn = making.clients("sns"), making.physical_id
        before, after = self._attributes(old), self._attributes(new)
        for name in sorted(set(before) | set(after)):
            if before.get(name) != after.get(name):
                sns.set_topic_attributes(
                    TopicArn=arn, AttributeName=name, AttributeValue=after.get(name, "")
                )
        for one in new.get("Subscription", []):
            if one not in old.get("Subscription", []):
                sns.subscribe(TopicArn=arn, **only(one, "Protocol", "Endpoint"))
        making.renew_tags(
            [tag["Key"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]],
            new,
            lambda surplus: sns.untag_resource(ResourceArn=arn, TagKeys=surplus),
            lambda: sns.tag_resource(ResourceArn=arn, Tags=making.tag_list(new)),
        )

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the topic and its subscriptions."""
        sns, arn = making.clients("sns"), making.physical_id
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        for one in [one for page in pages for one in page["Subscriptions"]]:
            if one["SubscriptionArn"].startswith("arn:"):
                sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
        sns.delete_topic(TopicArn=arn)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return ARN and name."""
        arn = making.physical_id
        return {"TopicArn": arn, "TopicName": arn.rpartition(":")[2]}


_SUBSCRIPTION = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery")


@register
class Subscription(ResourceType):
    """AWS::SNS::Subscription."""

    type = "AWS::SNS::Subscription"
    attributes = ("Arn",)
    immutable = frozenset({"Endpoint", "Protocol", "TopicArn"})
    properties = frozenset({"Endpoint", "Protocol", "TopicArn", *_SUBSCRIPTION})

    def create(self, making: Making, properties: Properties) -> None:
        """Subscribe."""
        making.expect(properties["TopicArn"])
        made = making.clients("sns").subscribe(
            **only(properties, "TopicArn", "Protocol", "Endpoint"),
            Attributes=self._attributes(properties),
            ReturnSubscriptionArn=True,
        )
        making.physical_id = made["SubscriptionArn"]

    def _attributes(self, properties: Properties) -> dict[str, str]:
        return {
            name: json.dumps(value) if isinstance(value, dict) else text(value)
            for name, value in only(properties, *_SUBSCRIPTION).items()
        }

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set the attributes of the subscription."""
        for name, value in self._attributes(new).items():
            making.clients("sns").set_subscription_attributes(
                SubscriptionArn=making.physical_id, AttributeName=name, AttributeValue=value
            )

    def find(self, making: Making, properties: Properties) -> None:
        """Find the subscription among those of its topic."""
        if making.physical_id != properties["TopicArn"]:
            return
        pages = making.clients("sns").get_paginator("list_subscriptions_by_topic")
        wanted = (properties.get("Protocol"), properties.get("Endpoint"))
        for page in pages.paginate(TopicArn=properties["TopicArn"]):
            for one in page["Subscriptions"]:
                if (one["Protocol"], one["Endpoint"]) == wanted:
                    making.physical_id = one["SubscriptionArn"]

    def delete(self, making: Making, properties: Properties) -> None:
        """Unsubscribe."""
        if making.physical_id != properties["TopicArn"]:  # nothing was found
            making.clients("sns").unsubscribe(SubscriptionArn=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN."""
        return {"Arn": making.physical_id}


@register
class TopicPolicy(ResourceType):
    """AWS::SNS::TopicPolicy."""

    type = "AWS::SNS::TopicPolicy"
    properties = frozenset({"PolicyDocument", "Topics"})

    def create(self, making: Making, properties: Properties) -> None:
        """Put the policy on each topic."""
        name = making.name()
        making.expect(name)
        self.update(making, {}, properties)
        making.physical_id = name

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Put the new policy in the place of the old one."""
        for arn in new["Topics"]:
            making.clients("sns").set_topic_attributes(
                TopicArn=arn,
                AttributeName="Policy",
                AttributeValue=json.dumps(new["PolicyDocument"]),
            )

    def delete(self, making: Making, properties: Properties) -> None:
        """Leave the topics alone: AWS gives them their default policy, which none here reads."""


_QUEUE = (
    "ContentBasedDeduplication",
    "DelaySeconds",
    "FifoQueue",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "VisibilityTimeout",
)


@register
class Queue(ResourceType):
    """AWS::SQS::Queue."""

    type = "AWS::SQS::Queue"
    attributes = ("Arn", "QueueName", "QueueUrl")
    named_by = "QueueName"
    immutable = frozenset({"QueueName", "FifoQueue"})
    properties = frozenset({"QueueName", "Tags", *_QUEUE})

    def create(self, making: Making, properties: Properties) -> None:
        """Make the queue."""
        fifo = text(properties.get("FifoQueue", "false")) == "true"
        name = properties.get("QueueName") or making.name(75) + (".fifo" if fifo else "")
        making.expect(name)
        made = making.clients("sqs").create_queue(
            QueueName=name,
            Attributes=self._attributes(properties),
            tags=making.all_tags(properties),
        )
        making.physical_id = made["QueueUrl"]

    def _attributes(self, properties: Properties) -> dict[str, str]:
        return {
            name: json.dumps(value) if isinstance(value, dict) else text(value)
            for name, value in only(properties, *_QUEUE).items()
        }

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set the attributes and tags of the queue."""
        sqs, url = making.clients("sqs"), making.physical_id
        if attributes := self._attributes(new):
            sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        if tags := making.all_tags(new):
            sqs.tag_queue(QueueUrl=url, Tags=tags)

    def find(self, making: Making, properties: Properties) -> None:
        """Find the address of the queue by its name."""
        if "/" not in making.physical_id:
            found = making.clients("sqs").get_queue_url(QueueName=making.physical_id)
            making.physical_id = found["QueueUrl"]

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the queue and its messages."""
        making.clients("sqs").delete_queue(QueueUrl=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return ARN, name and address."""
        url = making.physical_id
        answer = making.clients("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["QueueArn"]
        )
        arn = answer["Attributes"]["QueueArn"]
        return {"Arn": arn, "QueueName": arn.rpartition(":")[2], "QueueUrl": url}


@register
class QueuePolicy(ResourceType):
    """AWS::SQS::QueuePolicy."""

    type = "AWS::SQS::QueuePolicy"
    properties = frozenset({"PolicyDocument", "Queues"})

    def create(self, making: Making, properties: Properties) -> None:
        """Put the policy on each queue."""
        name = making.name()
        making.expect(name)
        self.update(making, {}, properties)
        making.physical_id = name

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Put the new policy in the place of the old one."""
        for url in new["Queues"]:
            making.clients("sqs").set_queue_attributes(
                QueueUrl=url, Attributes={"Policy": json.dumps(new["PolicyDocument"])}
            )

    def delete(self, making: Making, properties: Properties) -> None:
        """Take the policy from each queue that is still there."""
        sqs = making.clients("sqs")
        for url in properties["Queues"]:
            try:
                sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
            except sqs.exceptions.QueueDoesNotExist:
                continue
