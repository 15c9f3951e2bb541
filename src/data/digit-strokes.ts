/**
 * One way of writing a digit: pen strokes, each a flat list `x0, y0, x1, y1, …` that a smooth curve passes through,
 * in a box of 100 × 100 with y downwards. A point written twice in a row is a corner.
 */
export interface DigitForm {
  /** How common the form is among the forms of its digit. */
  readonly weight: number;
  readonly strokes: readonly (readonly number[])[];
}

/** The written forms of the digits 0 to 9. */
export const digitForms: readonly (readonly DigitForm[])[] = [
  [
    // closed oval; overlapping ends; open at the top
    { weight: 3, strokes: [[52, 0, 24, 14, 13, 50, 24, 86, 50, 100, 76, 87, 87, 50, 77, 14, 52, 0]] },
    { weight: 2, strokes: [[66, 6, 40, 2, 18, 28, 16, 68, 38, 98, 68, 92, 86, 58, 78, 18, 52, 2, 36, 8]] },
    { weight: 1, strokes: [[44, 4, 20, 28, 14, 64, 34, 97, 64, 96, 84, 64, 80, 26, 60, 6]] },
  ],
  [
    // bare; leaning; serif; serif and foot
    { weight: 3, strokes: [[50, 0, 50, 50, 50, 100]] },
    { weight: 1, strokes: [[60, 0, 52, 52, 42, 100]] },
    { weight: 2, strokes: [[28, 24, 42, 14, 54, 0, 54, 0, 53, 50, 52, 100]] },
    {
      weight: 2,
      strokes: [
        [28, 22, 52, 0, 52, 0, 51, 50, 51, 99],
        [24, 100, 50, 99, 80, 99],
      ],
    },
  ],
  [
    // sharp foot; looped foot; wavy foot
    { weight: 3, strokes: [[16, 24, 30, 5, 56, 0, 78, 16, 74, 40, 50, 68, 16, 98, 16, 98, 50, 97, 86, 97]] },
    { weight: 3, strokes: [[18, 20, 38, 2, 66, 4, 78, 28, 62, 62, 36, 92, 18, 98, 14, 86, 30, 82, 54, 94, 88, 96]] },
    { weight: 2, strokes: [[14, 16, 40, 1, 72, 10, 74, 36, 46, 72, 14, 96, 14, 96, 38, 88, 64, 98, 88, 86]] },
  ],
  [
    // round with a corner in the middle; flat top; round with a small loop
    { weight: 4, strokes: [[18, 14, 44, 0, 74, 12, 70, 36, 40, 47, 40, 47, 74, 58, 82, 80, 54, 100, 14, 88]] },
    { weight: 2, strokes: [[18, 3, 48, 2, 78, 2, 78, 2, 42, 40, 42, 40, 76, 52, 80, 82, 50, 100, 14, 90]] },
    { weight: 2, strokes: [[20, 10, 50, 0, 74, 18, 60, 42, 38, 50, 34, 44, 48, 42, 78, 60, 76, 88, 46, 100, 14, 88]] },
  ],
  [
    // open with straight arms; closed triangle; rounded like a u; open with a short stem
    {
      weight: 3,
      strokes: [
        [28, 2, 22, 28, 14, 58, 14, 58, 50, 57, 88, 54],
        [68, 16, 66, 56, 62, 100],
      ],
    },
    {
      weight: 3,
      strokes: [
        [62, 0, 38, 34, 10, 66, 10, 66, 50, 66, 90, 65],
        [63, 0, 62, 50, 61, 100],
      ],
    },
    {
      weight: 2,
      strokes: [
        [20, 4, 16, 36, 30, 54, 56, 52, 76, 40],
        [80, 2, 76, 44, 68, 100],
      ],
    },
    {
      weight: 2,
      strokes: [
        [34, 0, 16, 50, 16, 50, 48, 51, 78, 47],
        [78, 0, 70, 48, 58, 100],
      ],
    },
  ],
  [
    // bar as a second stroke; in one stroke from the bar; rounded like an S
    {
      weight: 3,
      strokes: [
        [28, 3, 25, 24, 22, 45, 22, 45, 52, 36, 80, 56, 76, 86, 46, 100, 12, 90],
        [28, 3, 56, 3, 84, 0],
      ],
    },
    { weight: 3, strokes: [[80, 2, 54, 3, 30, 3, 30, 3, 24, 46, 24, 46, 56, 40, 80, 64, 68, 92, 40, 100, 14, 94]] },
    { weight: 2, strokes: [[80, 4, 50, 3, 28, 14, 32, 36, 60, 50, 78, 72, 62, 96, 36, 100, 14, 90]] },
  ],
  [
    // curved stem; straight stem with a low bowl; hooked top
    { weight: 3, strokes: [[68, 0, 38, 24, 19, 62, 30, 94, 58, 99, 79, 78, 66, 54, 42, 56, 22, 76]] },
    { weight: 2, strokes: [[56, 0, 34, 34, 18, 72, 32, 98, 62, 98, 80, 80, 70, 62, 46, 62, 20, 80]] },
    { weight: 2, strokes: [[80, 14, 60, 0, 34, 16, 18, 56, 26, 90, 54, 100, 80, 82, 72, 54, 44, 48, 22, 66]] },
  ],
  [
    // plain; with a bar; with a serif; curved; curved with a bar
    { weight: 3, strokes: [[14, 5, 48, 4, 84, 4, 84, 4, 62, 50, 42, 100]] },
    {
      weight: 2,
      strokes: [
        [14, 4, 50, 3, 84, 3, 84, 3, 62, 50, 44, 100],
        [32, 52, 52, 50, 78, 48],
      ],
    },
    { weight: 2, strokes: [[14, 22, 16, 4, 16, 4, 50, 5, 86, 2, 86, 2, 60, 44, 48, 100]] },
    { weight: 2, strokes: [[12, 14, 34, 2, 62, 8, 84, 4, 84, 4, 64, 38, 52, 100]] },
    {
      weight: 1,
      strokes: [
        [12, 12, 34, 3, 84, 4, 84, 4, 60, 46, 50, 100],
        [34, 50, 56, 50, 76, 46],
      ],
    },
  ],
  [
    // one stroke crossing itself; two rings; one stroke left open at the top
    {
      weight: 4,
      strokes: [[72, 14, 50, 0, 26, 12, 32, 36, 66, 58, 80, 82, 52, 100, 20, 84, 32, 58, 64, 38, 76, 18, 58, 1]],
    },
    {
      weight: 2,
      strokes: [
        [50, 46, 28, 36, 26, 12, 50, 0, 74, 12, 72, 36, 50, 46],
        [50, 46, 20, 60, 20, 90, 50, 100, 80, 90, 80, 60, 50, 46],
      ],
    },
    { weight: 2, strokes: [[78, 8, 46, 2, 26, 20, 44, 44, 72, 66, 72, 94, 42, 100, 22, 82, 42, 56, 70, 32, 82, 10]] },
  ],
  [
    // straight stem; hooked stem; leaning stem in one turn
    { weight: 3, strokes: [[78, 16, 54, 0, 26, 12, 22, 38, 46, 52, 70, 38, 79, 10, 79, 10, 76, 54, 72, 100]] },
    { weight: 2, strokes: [[76, 14, 50, 0, 22, 18, 28, 46, 58, 46, 78, 12, 78, 12, 82, 56, 66, 94, 30, 98]] },
    { weight: 2, strokes: [[80, 8, 48, 0, 22, 24, 36, 48, 64, 36, 80, 8, 80, 8, 66, 52, 46, 100]] },
  ],
];
