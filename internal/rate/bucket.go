package rate

import "time"

// Flow is how much may come at once, and how much each second after that.
type Flow struct{ Burst, PerSecond float64 }

// Bucket holds a Flow: what is spent comes back as time passes.
type Bucket struct {
	Flow
	left float64
	at   time.Time
}

// Bucket returns a full bucket.
func (f Flow) Bucket() *Bucket { return &Bucket{Flow: f, left: f.Burst} }

// Fill adds what has come back by now.
func (b *Bucket) Fill(now time.Time) {
	if !b.at.IsZero() {
		b.left = min(b.Burst, b.left+b.PerSecond*max(0, now.Sub(b.at).Seconds()))
	}
	b.at = now
}

// Spend takes so much, and reports whether that was there. If it was not, the bucket owes it.
func (b *Bucket) Spend(amount float64) bool {
	b.left -= amount
	return b.left >= 0
}

// Owes reports whether more was spent than there was.
func (b *Bucket) Owes() bool { return b.left < 0 }

// Take takes one, if there is one.
func (b *Bucket) Take(now time.Time) bool {
	if b.Fill(now); b.left < 1 {
		return false
	}
	return b.Spend(1)
}

// Wait takes one, and returns how long it takes until there is one again.
func (b *Bucket) Wait(now time.Time) time.Duration {
	b.Fill(now)
	b.Spend(1)
	return time.Duration(max(0, -b.left/b.PerSecond) * float64(time.Second))
}
