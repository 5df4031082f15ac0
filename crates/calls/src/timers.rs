//! A component's own timers: a small enum of its own, so that nobody can set another's.

use crate::handle::Call;

/// What a timer of a component looks like in 64 bits. Write it with [`timers!`](crate::timers!).
pub trait Token: Copy + 'static {
    /// The call it is about, if any: it dies with it.
    fn about(self) -> Call {
        Call::NONE
    }
    /// Which of the component's timers, and its value.
    fn pack(self) -> (u32, u64);
    /// The inverse.
    fn unpack(tag: u32, data: u64) -> Self;
}

impl Token for () {
    fn pack(self) -> (u32, u64) {
        (0, 0)
    }
    fn unpack(_: u32, _: u64) {}
}

/// What a timer can carry: a number, or the call it is about.
pub trait TimerData: Copy {
    /// The call, if it is one.
    #[inline(always)]
    fn call(self) -> Call {
        Call::NONE
    }
    /// As bits.
    fn pack_data(self) -> u64;
    /// The inverse.
    fn unpack_data(data: u64) -> Self;
}

impl TimerData for u32 {
    #[inline(always)]
    fn pack_data(self) -> u64 {
        self as u64
    }
    #[inline(always)]
    fn unpack_data(data: u64) -> Self {
        data as u32
    }
}

impl TimerData for u64 {
    #[inline(always)]
    fn pack_data(self) -> u64 {
        self
    }
    #[inline(always)]
    fn unpack_data(data: u64) -> Self {
        data
    }
}

impl TimerData for Call {
    #[inline(always)]
    fn call(self) -> Call {
        self
    }
    #[inline(always)]
    fn pack_data(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }
    #[inline(always)]
    fn unpack_data(data: u64) -> Self {
        Call { slot: data as u32, generation: (data >> 32) as u32 }
    }
}

impl Call {
    #[inline(always)]
    pub(crate) fn pack_data(self) -> u64 {
        TimerData::pack_data(self)
    }
}

/// Declares the timers of a component: an enum whose variants carry nothing, a number, or a [`Call`].
///
/// At most 16 variants; a variant that carries a [`Call`] is about that call and dies with it when it is set by
/// [`later`](crate::Context::later).
///
/// ```
/// use kneepoint_calls::{Call, timers};
/// timers! {
///     /// What I wait for.
///     pub enum Own { Arrival, Departure(Call), Probe(u32) }
/// }
/// ```
#[macro_export]
macro_rules! timers {
    ($(#[$meta:meta])* $v:vis enum $N:ident { $($K:ident $(($T:ty))?),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs)] // the variants speak for themselves, or the enum's doc does
        $v enum $N { $($K $(($T))?),+ }
        impl $crate::Token for $N {
            #[inline(always)]
            fn about(self) -> $crate::Call {
                match self { $($crate::timers!(@pattern $K $(, x $T)?) => $crate::timers!(@about $(x $T)?)),+ }
            }
            #[inline(always)]
            fn pack(self) -> (u32, u64) {
                #[repr(u32)] enum Index { $($K),+ }
                const { assert!([$(Index::$K as u32),+].len() <= 16, "at most 16 timers") };
                match self { $($crate::timers!(@pattern $K $(, x $T)?) => (Index::$K as u32, $crate::timers!(@data $(x $T)?))),+ }
            }
            #[inline(always)]
            fn unpack(tag: u32, data: u64) -> Self {
                #[repr(u32)] enum Index { $($K),+ }
                let _ = data;
                $(if tag == Index::$K as u32 { return $crate::timers!(@unpack $K data $(, $T)?); })+
                unreachable!("a timer that no variant packed")
            }
        }
    };
    (@pattern $K:ident) => { Self::$K };
    (@pattern $K:ident, $x:ident $T:ty) => { Self::$K($x) };
    (@about) => { $crate::Call::NONE };
    (@about $x:ident $T:ty) => { $crate::TimerData::call($x) };
    (@data) => { 0 };
    (@data $x:ident $T:ty) => { $crate::TimerData::pack_data($x) };
    (@unpack $K:ident $d:ident) => { Self::$K };
    (@unpack $K:ident $d:ident, $T:ty) => { Self::$K(<$T as $crate::TimerData>::unpack_data($d)) };
}
