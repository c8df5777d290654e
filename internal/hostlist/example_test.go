package hostlist_test

import (
	"fmt"

	"msg/internal/hostlist"
)

func ExampleExpand() {
	lab := func(name string) ([]string, error) { return []string{"d12", "d13"}, nil }
	hosts, err := hostlist.Expand("web[08-10]!web09,@lab", lab)
	fmt.Println(hosts, err)
	_, err = hostlist.Expand("web[3-1]", nil)
	fmt.Println(err)
	// Output:
	// [web08 web10 d12 d13] <nil>
	// "3-1" runs backwards in "web[3-1]"
}

func ExampleFold() {
	fmt.Println(hostlist.Fold([]string{"web2", "db1", "web1", "web3", "web10"}))
	// Output: db1,web[1-3,10]
}
