package delivery

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSideBySide: what hangs is left aside and holds up nobody, each is done once, and what
// returns after all is told.
func TestSideBySide(t *testing.T) {
	for _, all := range []int{0, 1, 2, 3, 100, 1000} {
		for _, hangs := range []func(i int) bool{
			func(int) bool { return false },
			func(i int) bool { return i < 100 },
			func(i int) bool { return i%3 == 0 },
			func(i int) bool { return i > all-5 },
		} {
			var hanging []int
			for i := range all {
				if hangs(i) {
					hanging = append(hanging, i)
				}
			}
			free := make(chan bool)
			calls := make([]atomic.Int32, all)
			var late []int
			var mu sync.Mutex
			var returned sync.WaitGroup
			returned.Add(len(hanging))
			begun := time.Now()
			var last atomic.Int64 // when the last that does not hang was done
			aside := sideBySide(all, func(i int) {
				calls[i].Add(1)
				if hangs(i) {
					<-free
					return
				}
				last.Store(int64(time.Since(begun)))
			}, func(int) {}, func(i int) {
				mu.Lock()
				late = append(late, i)
				mu.Unlock()
				returned.Done()
			})
			if took := time.Since(begun); took > hangTime*time.Duration(2+len(hanging)/mostAtWork)+time.Second {
				t.Errorf("%d of %d hang: %v", len(hanging), all, took)
			}
			if all == 100 && len(hanging) < 50 && time.Duration(last.Load()) > time.Second {
				t.Errorf("%d of %d hang, and the last of the others was done after %v", len(hanging), all, time.Duration(last.Load()))
			}
			close(free)
			returned.Wait()
			slices.Sort(late)
			if len(aside) != len(hanging) || !slices.Equal(late, hanging) {
				t.Errorf("%d of %d hang, %d were left aside, %d came late", len(hanging), all, len(aside), len(late))
			}
			for i := range calls {
				if calls[i].Load() != 1 {
					t.Errorf("%d was done %d times", i, calls[i].Load())
				}
			}
		}
	}
}

// TestHanging: 16 terminals of one owner may hang; and of all, 128, so that a range of uids is no
// way round. An owner with none that hangs is always tried.
func TestHanging(t *testing.T) {
	var h hanging
	for i := range mostHanging {
		if h.many(1) {
			t.Fatalf("after %d of one owner", i)
		}
		h.add(1)
	}
	if !h.many(1) || h.many(2) {
		t.Errorf("after %d of one owner: %v; of another: %v", mostHanging, h.many(1), h.many(2))
	}
	for uid := uint32(100); h.all < mostHangingAll; uid++ {
		h.add(uid)
	}
	if !h.many(100) || h.many(2) {
		t.Errorf("after %d of all: %v; of an owner with none: %v", mostHangingAll, h.many(100), h.many(2))
	}
}
