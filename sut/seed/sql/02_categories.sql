INSERT INTO categories (category_id, name)
SELECT number, name
FROM unnest(ARRAY[
    'Bicycles', 'Camping', 'Climbing', 'Coffee', 'Cookware', 'Garden', 'Headphones', 'Keyboards',
    'Lamps', 'Luggage', 'Notebooks', 'Paint', 'Plants', 'Posters', 'Puzzles', 'Running',
    'Skates', 'Soap', 'Tea', 'Tools', 'Toys', 'Vases', 'Watches', 'Wool', 'Yoga'
]) WITH ORDINALITY AS category (name, number);
