package countdown_test

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/countdown"
)

const (
	s = time.Second
	m = time.Minute
	h = time.Hour
)

func TestPoints(t *testing.T) {
	for list, want := range map[string][]time.Duration{
		"60m,30m,10m,5m,1m": {h, 30 * m, 10 * m, 5 * m, m},
		"1m,60m, 1h,90s":    {h, 90 * s, m},
		"0":                 {0},
		"5s,0s":             {5 * s, 0},
	} {
		if got, err := countdown.Points(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", list, got, err, want)
		}
	}
	for _, list := range []string{"", "60", "5m,", "-5m", "ten", "5m;1m", "5s,4500ms"} {
		if got, err := countdown.Points(list); err == nil {
			t.Errorf("%q is %v", list, got)
		}
	}
}

func TestUsual(t *testing.T) {
	for left, want := range map[time.Duration][]time.Duration{
		2 * h:   {h, 30 * m, 10 * m, 5 * m, m},
		62 * m:  {30 * m, 10 * m, 5 * m, m}, // an hour has just been said
		30 * m:  {10 * m, 5 * m, m},
		5 * m:   {m},
		m:       nil,
		48 * h:  {24 * h, 12 * h, 3 * h, h, 30 * m, 10 * m, 5 * m, m},
		10 * s:  nil,
		-5 * s:  nil,
		100 * m: {h, 30 * m, 10 * m, 5 * m, m},
	} {
		if got := countdown.Usual(left); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", left, got, want)
		}
	}
}

// said is a warning, by the time left that it was for, to a tenth of a second.
func said(t *testing.T, end countdown.End, points []time.Duration, during func(time.Duration)) []time.Duration {
	t.Helper()
	var all []time.Duration
	err := countdown.Run(t.Context(), end, points, func(_ context.Context, left time.Duration) {
		all = append(all, left.Round(100*time.Millisecond))
		if during != nil {
			during(left)
		}
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

// TestRun holds that each point is warned at once, and that it ends when the end has come.
func TestRun(t *testing.T) {
	for name, of := range map[string]func(time.Duration) countdown.End{
		"by the clock": func(d time.Duration) countdown.End { return countdown.At(time.Now().Add(d)) },
		"by the time that passes": func(d time.Duration) countdown.End {
			end, err := countdown.Parse("+"+d.String(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return end
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			got := said(t, of(2*s), []time.Duration{h, 1500 * time.Millisecond, time.Second, 0}, nil)
			want := []time.Duration{2 * s, 1500 * time.Millisecond, s, 0}
			if !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			if took := time.Since(begun).Round(100 * time.Millisecond); took < 2*s {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestRunLate: of points that pass while somebody is slow, or sleeps, one warning is left,
// and what is slow is told that the next point has come.
func TestRunLate(t *testing.T) {
	t.Parallel()
	var cut error
	first := true
	var all []time.Duration
	err := countdown.Run(t.Context(), countdown.At(time.Now().Add(2*s)), []time.Duration{1800 * time.Millisecond, 1200 * time.Millisecond, 500 * time.Millisecond},
		func(ctx context.Context, left time.Duration) {
			all = append(all, left.Round(time.Second/2))
			if first {
				first = false
				<-ctx.Done()
				cut = ctx.Err()
				time.Sleep(700 * time.Millisecond)
			}
		})
	if want := []time.Duration{2 * s, s, s / 2}; err != nil || !slices.Equal(all, want) {
		t.Errorf("%v, %v, want %v", all, err, want)
	}
	if !errors.Is(cut, context.DeadlineExceeded) {
		t.Errorf("a slow warning ended with %v", cut)
	}
}

// TestRunLast: the last warning, too, is to be done by the end; what is said at the end is not
// bounded by it.
func TestRunLast(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	var ends []error
	err := countdown.Run(t.Context(), countdown.At(begun.Add(s)), []time.Duration{500 * time.Millisecond, 0}, func(ctx context.Context, left time.Duration) {
		if left > 0 {
			<-ctx.Done()
		}
		ends = append(ends, ctx.Err())
	})
	want := []error{context.DeadlineExceeded, context.DeadlineExceeded, nil}
	if took := time.Since(begun); err != nil || !slices.Equal(ends, want) || took > 10*s {
		t.Errorf("%v, %v after %v, want %v", ends, err, took, want)
	}
}

func TestRunOver(t *testing.T) {
	got := said(t, countdown.At(time.Now().Add(-m)), []time.Duration{h, m}, nil)
	if len(got) != 1 || got[0] > -m {
		t.Errorf("what is over is warned of %v", got)
	}
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	begun := time.Now()
	err := countdown.Run(ctx, countdown.At(time.Now().Add(h)), countdown.Usual(h), func(context.Context, time.Duration) {})
	if !errors.Is(err, context.Canceled) || time.Since(begun) > 5*s {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

// FuzzPoints holds that points come in order, a second apart or more, and are the same when
// they are written again.
func FuzzPoints(f *testing.F) {
	for _, list := range []string{"60m,30m,10m,5m,1m", "1m,60m, 1h,90s,0", "5s,4500ms", "-5m", "1ns,1us,1.5h", "2562047h,1s"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		points, err := countdown.Points(list)
		if err != nil {
			return
		}
		words := make([]string, len(points))
		for i, point := range points {
			words[i] = point.String()
			if point < 0 || i > 0 && points[i-1]-point < s {
				t.Errorf("%q is %v", list, points)
			}
		}
		if again, err := countdown.Points(strings.Join(words, ",")); err != nil || !slices.Equal(again, points) || len(points) > strings.Count(list, ",")+1 {
			t.Errorf("%q is %v, and %q is %v, %v", list, points, words, again, err)
		}
	})
}

// FuzzParse holds that a time that is taken is to come within a year, and that the clock shows
// then what was said, in whatever time zone.
func FuzzParse(f *testing.F) {
	now := time.Date(2026, 10, 24, 21, 50, 30, 5, time.UTC).Unix()
	for _, said := range []string{
		"22:00", "02:30", "02:30:59", "2026-10-25 02:30", "2027-03-28T02:30", "2026-12-24T22:00:07+05:45",
		"+1h30m", "+8785h", "+1ns", "24:00", "9999-01-01 00:00", "0000-01-01 00:00", "7:05",
	} {
		f.Add(said, now, uint8(len(said)))
	}
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"}
	local := regexp.MustCompile(`^(?:(\d{4}-\d\d-\d\d)[ T])?(\d?\d:\d\d(?::\d\d)?)(?:[.,]\d+)?$`)
	f.Fuzz(func(t *testing.T, said string, unix int64, zone uint8) {
		location, err := time.LoadLocation(zones[int(zone)%len(zones)])
		if err != nil {
			t.Fatal(err)
		}
		now, begun := time.Unix(max(0, unix)%(200*365*24*60*60), 0).In(location), time.Now()
		end, err := countdown.Parse(said, now)
		if err != nil {
			return
		}
		at := end.Time().In(location)
		if strings.HasPrefix(said, "+") {
			now = begun
		}
		if left := at.Sub(now); left <= 0 && !strings.HasPrefix(said, "+") || left > 366*24*h+m {
			t.Errorf("at %v, %q is at %v", now, said, at)
		}
		found := local.FindStringSubmatch(said)
		if found == nil {
			return
		}
		if len(found[2])%3 == 1 { // 7:05
			found[2] = "0" + found[2]
		}
		if !strings.HasPrefix(at.Format(time.TimeOnly), found[2]) || found[1] != "" && at.Format(time.DateOnly) != found[1] {
			t.Errorf("at %v, %q is at %v", now, said, at)
		}
	})
}

// TestRunKeepsNoMemory: what warn leaves is given back before the next sleep, however seldom
// the program collects.
func TestRunKeepsNoMemory(t *testing.T) {
	const garbage = 32 << 20
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var held [][]byte
	points := []time.Duration{150 * time.Millisecond, 100 * time.Millisecond, 50 * time.Millisecond}
	err := countdown.Run(t.Context(), countdown.At(time.Now().Add(200*time.Millisecond)), points, func(context.Context, time.Duration) {
		var now runtime.MemStats
		if runtime.ReadMemStats(&now); now.HeapAlloc > garbage {
			t.Errorf("%d MB are held", now.HeapAlloc>>20)
		}
		held = append(held[:0], make([]byte, garbage))
		held[0] = nil
	})
	if err != nil {
		t.Error(err)
	}
}
