package report_test

import (
	"fmt"

	"msg/internal/message"
	"msg/internal/report"
)

func ExampleTally() {
	tally := report.NewTally([]string{"web1", "web2"}, true)
	for _, r := range []message.Result{
		{Event: message.Delivered, Host: "web1", User: "bob", Terminal: "pts/2"},
		{Event: message.Failed, Host: "web2", Reason: message.Unreachable},
		{Event: message.Answered, Host: "web1", User: "bob", Answer: message.OK},
	} {
		tally.Add(r)
	}
	fmt.Println(tally.Delivered, "reached,", tally.Failed, "failed,", tally.Answered(), "answered")
	fmt.Println("exit status", tally.Status())
	// Output:
	// 1 reached, 1 failed, 1 answered
	// exit status 1
}
