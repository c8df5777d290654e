package countdown_test

import (
	"fmt"
	"time"

	"msg/internal/countdown"
)

func ExampleParse() {
	now := time.Date(2026, 12, 24, 21, 30, 0, 0, time.UTC)
	for _, words := range []string{"22:00", "21:00", "2026-12-24 20:00"} {
		end, err := countdown.Parse(words, now)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(end.Time().Format(time.DateTime))
	}
	// Output:
	// 2026-12-24 22:00:00
	// 2026-12-25 21:00:00
	// "2026-12-24 20:00" is over
}
