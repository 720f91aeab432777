from helpers.asl.variables import references


def test_a_state_is_listed_with_the_variables_that_it_reads_in_either_language():
    machine = {
        "StartAt": "Path",
        "States": {
            "Path": {"Type": "Pass", "Parameters": {"a.$": "States.Format('$x{}', $b)"}},
            "Query": {
                "Type": "Map",
                "QueryLanguage": "JSONata",
                "Items": "{% $filter($list, function($i) { $i > $least and $count($x) }) %}",
                "ItemProcessor": {
                    "StartAt": "In",
                    "States": {"In": {"Type": "Wait", "SecondsPath": "$wait"}},
                },
                "Output": "{% ($t := $states.result; $t & $uuid()) %}",
            },
        },
    }
    assert references(machine) == {"Path": ["b"], "Query": ["least", "list", "x"], "In": ["wait"]}
